// A trained residual network that runs in the page: without it, nothing new could be tried where there is no kernel.
// Weights come from Python (dlcourse/widgets/page_network.py); the tests compare its answers with Python's.
import { bytesOf } from "./arrays.js";
import { SIDE, strokesOf } from "./strokes.js";

// From packed convolutions to a function from an image (SIDE × SIDE numbers) to its features.
export function createBody(packed) {
  const layers = packed.map(({ shape, stride, scale, int16, b }) =>
    ({ shape, stride, b, W: Float64Array.from(new Int16Array(bytesOf(int16).buffer), (code) => scale * code) }));
  return (image) => {
    let place = 0, x = relu(convolve({ side: SIDE, maps: [image] }, layers[place++]));
    while (place < layers.length) {
      const inner = convolve(relu(convolve(x, layers[place++])), layers[place++]);
      const short = layers[place]?.shape[2] === 1 ? convolve(x, layers[place++]) : x;
      x = relu({ side: inner.side, maps: inner.maps.map((map, k) => map.map((value, at) => value + short.maps[k][at])) });
    }
    return x.maps.map((map) => map.reduce((sum, value) => sum + value, 0) / map.length);
  };
}

// The probabilities of the classes; head: { W: { shape: [classes, features], data }, b }.
export function answerOf({ W, b }, features) {
  const z = b.map((bias, k) => features.reduce((sum, value, place) => sum + value * W.data[k * features.length + place], bias));
  const most = Math.max(...z), e = z.map((value) => Math.exp(value - most));
  const total = e.reduce((sum, value) => sum + value, 0);
  return e.map((value) => value / total);
}

// What the network sees of a drawing's text: ink is the pen's width minus the distance to the nearest line, from 0 to 1.
export function imageOf(text) {
  const { width, strokes } = strokesOf(text);
  const lines = strokes.flatMap((corners) => corners.slice(0, -1).concat(corners.length > 1 ? [] : corners)
    .map((start, k) => [start, corners[Math.min(k + 1, corners.length - 1)]].flat().map((half) => half / 2)));
  return Float64Array.from({ length: SIDE * SIDE }, (_, pixel) => {
    const x = pixel % SIDE, y = Math.floor(pixel / SIDE);
    const nearest = Math.min(...lines.map((line) => distance(x, y, line)));
    return Math.max(0, Math.min(1, width - nearest));
  });
}

function distance(x, y, [x0, y0, x1, y1]) {
  const dx = x1 - x0, dy = y1 - y0;
  const along = ((x - x0) * dx + (y - y0) * dy) / Math.max(dx * dx + dy * dy, 1e-9);
  const t = Math.max(0, Math.min(1, along));
  return Math.hypot(x - x0 - t * dx, y - y0 - t * dy);
}

// A convolution with zeros around the image: maps of side × side numbers to maps of side / stride.
function convolve({ side, maps }, { shape, stride, W, b }) {
  const [outputs, inputs, k] = shape, around = k >> 1, small = Math.ceil(side / stride);
  const found = Array.from({ length: outputs }, (_, output) => {
    const map = new Float64Array(small * small).fill(b[output]);
    for (let input = 0; input < inputs; input += 1) {
      for (let row = 0; row < k; row += 1) {
        for (let column = 0; column < k; column += 1) {
          const weight = W[((output * inputs + input) * k + row) * k + column];
          addShifted(map, small, maps[input], side, stride, row - around, column - around, weight);
        }
      }
    }
    return map;
  });
  return { side: small, maps: found };
}

function addShifted(map, small, source, side, stride, down, right, weight) {
  for (let r = 0; r < small; r += 1) {
    const y = r * stride + down;
    if (y < 0 || y >= side) continue;
    for (let c = 0; c < small; c += 1) {
      const x = c * stride + right;
      if (x >= 0 && x < side) map[r * small + c] += weight * source[y * side + x];
    }
  }
}

function relu({ side, maps }) {
  return { side, maps: maps.map((map) => map.map((value) => Math.max(0, value))) };
}
