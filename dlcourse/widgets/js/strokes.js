// Line drawings as texts (see dlcourse/data/strokes.py) and as small pictures. A corner is two digits of half a pixel.
import { svg } from "./dom.js";

export const SIDE = 32;
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
export const MOST = DIGITS.length - 1; // half pixels to the right and to the bottom edge

// The text of strokes in half pixels, [[[x, y], …], …], drawn with a pen's digit.
export function textOf(pen, strokes) {
  return [pen, ...strokes.map((corners) => corners.flat().map((half) => DIGITS[half]).join(""))].join(".");
}

// The strokes of a text in half pixels, its pen's digit and the pen's width in pixels.
export function strokesOf(text) {
  const [pen, ...parts] = text.split(".");
  const pairs = (part) => part.match(/../g).map((two) => [DIGITS.indexOf(two[0]), DIGITS.indexOf(two[1])]);
  return { pen, width: DIGITS.indexOf(pen) / 10, strokes: parts.map(pairs) };
}

// A drawing's lines as an SVG group in a viewBox of 32 × 32 pixels; ink is a colour.
export function lines(pen, strokes, ink) {
  const width = DIGITS.indexOf(pen) / 5 - 1; // the ink fades to half at pen - 0.5 pixels from the line
  const path = strokes.map((corners) => {
    const points = corners.map(([x, y]) => `${x / 2} ${y / 2}`);
    return `M${points.length > 1 ? points.join("L") : `${points[0]}h0`}`; // one corner alone is a dot
  }).join("");
  return svg("path", { d: path, style: `fill: none; stroke: ${ink}; stroke-width: ${width}; ` +
    "stroke-linecap: round; stroke-linejoin: round" });
}

// The drawing as a picture of `size` pixels; paper and ink change places when it is inverted.
export function thumbnail(text, size, isInverted = false) {
  const [paper, ink] = isInverted ? ["var(--dlc-ink)", "var(--dlc-paper)"] : ["var(--dlc-paper)", "var(--dlc-ink)"];
  const { pen, strokes } = strokesOf(text);
  return svg("svg", { viewBox: VIEW, width: size, height: size, "aria-hidden": "true", "data-drawing": text,
    style: `display: block; background: ${paper}` }, lines(pen, strokes, ink));
}

export const VIEW = `-0.5 -0.5 ${SIDE} ${SIDE}`; // a pixel's centre is a whole number
