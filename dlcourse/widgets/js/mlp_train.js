// One step of gradient descent on all training points, for training in the page. Tested against dlcourse.numpy.
import { forward } from "./mlp.js";

// From an activation to the derivative of its function there.
const SLOPES = {
  tanh: (a) => 1 - a * a,
  ReLU: (a) => (a > 0 ? 1 : 0),
  sigmoid: (a) => a * (1 - a),
  none: () => 1,
};

// Each loss: a point's cost and its derivative by the output z, for the label 0 or 1.
const LOSSES = {
  "cross-entropy": (z, label) => [Math.max(z, 0) - z * label + Math.log1p(Math.exp(-Math.abs(z))), 1 / (1 + Math.exp(-z)) - label],
  "squared error": (z, label) => [(z - 2 * label + 1) ** 2, 2 * (z - 2 * label + 1)],
};

// net: { sizes, activation, loss }; inputs: { shape: [points, sizes[0]], data }; labels: an array of 0 and 1.
// Returns the mean cost and its gradient, in the order of the weights: W then b of each layer.
export function costAndGradient({ sizes, activation, loss }, weights, inputs, labels) {
  const layers = forward(sizes, activation, weights, inputs);
  const gradient = new Float64Array(weights.length);
  const terms = labels.map((label, n) => LOSSES[loss](layers.at(-1)[0][n], label));
  const cost = terms.reduce((sum, [value]) => sum + value, 0) / labels.length;
  let upstream = [Float64Array.from(terms, ([, slope]) => slope / labels.length)];
  let end = weights.length;
  for (let place = sizes.length - 1; place > 0; place -= 1) {
    const before = layers[place - 1], start = end - sizes[place] * (before.length + 1);
    upstream.forEach((dz, unit) => {
      gradient[end - sizes[place] + unit] = dz.reduce((sum, value) => sum + value, 0);
      before.forEach((a, input) => { gradient[start + unit * before.length + input] = dot(dz, a); });
    });
    if (place > 1) upstream = before.map((a, input) => backward(a, input, upstream, weights, start, before.length, SLOPES[activation]));
    end = start;
  }
  return { cost, gradient };
}

function dot(a, b) {
  let sum = 0;
  for (let n = 0; n < a.length; n += 1) sum += a[n] * b[n];
  return sum;
}

// The gradient of one unit's pre-activation: what its consumers send, times its own slope.
function backward(a, input, upstream, weights, start, count, slope) {
  return a.map((value, n) => {
    let sum = 0;
    upstream.forEach((dz, unit) => { sum += dz[n] * weights[start + unit * count + input]; });
    return sum * slope(value);
  });
}

// The weights after one step of gradient descent, and the cost before it.
export function step(net, weights, inputs, labels, rate) {
  const { cost, gradient } = costAndGradient(net, weights, inputs, labels);
  return { cost, weights: Float64Array.from(weights, (w, k) => w - rate * gradient[k]) };
}
