// Pictures of numbers: a colour for each value, and the line where the values change their sign.

// The colours of CSS variables such as --dlc-accent, as [red, green, blue].
export function colourOf(node, name) {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  node.append(probe);
  const found = getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map(Number);
  probe.remove();
  return found;
}

// Fills a square of the canvas with a map of side × side values: low values in one colour, high ones in the
// other, 0 as paper; a strength below 1 makes it pale, so that points stand out.
export function drawMap(context, values, { side, x, y, size, limit, strength = 1, low, zero, high }) {
  const image = new ImageData(side, side), bytes = image.data;
  for (let cell = 0; cell < values.length; cell += 1) {
    const value = values[cell];
    const share = Number.isFinite(value) ? strength * Math.max(-1, Math.min(1, value / limit)) : 0;
    const end = share < 0 ? low : high;
    for (let channel = 0; channel < 3; channel += 1) {
      bytes[4 * cell + channel] = zero[channel] + Math.abs(share) * (end[channel] - zero[channel]);
    }
    bytes[4 * cell + 3] = 255;
  }
  const small = canvasOf(side);
  small.getContext("2d").putImageData(image, 0, 0);
  context.imageSmoothingEnabled = true;
  context.drawImage(small, x, y, size, size);
}

let sheet = null;

// A canvas of one map's size, kept for the next map.
function canvasOf(side) {
  if (sheet?.width !== side) sheet = new OffscreenCanvas(side, side);
  return sheet;
}

// The largest size of a value, so that a map uses its whole range of colours.
export function largest(values) {
  let most = 0;
  for (const value of values) if (Number.isFinite(value)) most = Math.max(most, Math.abs(value));
  return most || 1;
}

// The pieces of the line where a map is 0, as [x0, y0, x1, y1] in shares of its side.
export function zeroLine(values, side) {
  const at = (row, column) => values[row * side + column];
  const pieces = [];
  for (let row = 0; row + 1 < side; row += 1) {
    for (let column = 0; column + 1 < side; column += 1) {
      const corners = [[row, column], [row, column + 1], [row + 1, column + 1], [row + 1, column]];
      const crossings = [];
      corners.forEach((a, k) => {
        const b = corners[(k + 1) % 4], va = at(...a), vb = at(...b);
        if ((va > 0) === (vb > 0)) return;
        const t = va / (va - vb);
        crossings.push([(a[1] + t * (b[1] - a[1]) + 0.5) / side, (a[0] + t * (b[0] - a[0]) + 0.5) / side]);
      });
      for (let k = 0; k + 1 < crossings.length; k += 2) pieces.push([...crossings[k], ...crossings[k + 1]]);
    }
  }
  return pieces;
}
