// The forward pass of the playground's small network: the one place where the front end computes more than pixels.
// Sending every unit's map for every epoch would be a hundred times the size of the weights. Tested against Python.

const FUNCTIONS = {
  tanh: Math.tanh,
  ReLU: (z) => Math.max(z, 0),
  sigmoid: (z) => 1 / (1 + Math.exp(-z)),
  none: (z) => z,
};

// weights: W then b of each layer, in one row; inputs: { shape: [cells, sizes[0]], data }.
// Returns one array of cells for each unit of each layer, the inputs first: values[layer][unit][cell].
export function forward(sizes, activation, weights, inputs) {
  const cells = inputs.shape[0];
  const layers = [columns(inputs.data, cells, sizes[0])];
  let position = 0;
  for (let place = 1; place < sizes.length; place += 1) {
    const before = layers.at(-1);
    const f = place === sizes.length - 1 ? FUNCTIONS.none : FUNCTIONS[activation];
    const biases = position + sizes[place] * before.length;
    layers.push(Array.from({ length: sizes[place] }, (_, unit) =>
      neuron(before, weights, position + unit * before.length, weights[biases + unit], f)));
    position = biases + sizes[place];
  }
  return layers;
}

function columns(data, cells, count) {
  return Array.from({ length: count }, (_, column) =>
    Float64Array.from({ length: cells }, (_unused, cell) => data[cell * count + column]));
}

function neuron(before, weights, start, bias, f) {
  const values = new Float64Array(before[0].length).fill(bias);
  before.forEach((input, place) => {
    const weight = weights[start + place];
    for (let cell = 0; cell < values.length; cell += 1) values[cell] += weight * input[cell];
  });
  return values.map(f);
}
