// Arrays as Python sends them (see dlcourse/widgets/arrays.py): exact from the kernel, integers in an export.

export function decodeArrays(value) {
  if (Array.isArray(value)) return value.map(decodeArrays);
  if (value === null || typeof value !== "object") return value;
  if (value.float32 !== undefined) return { shape: value.shape, data: fromKernel(value.float32) };
  if (value.uint16 !== undefined) return { shape: value.shape, data: fromExport(value) };
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, decodeArrays(inner)]));
}

function fromKernel(view) {
  const bytes = view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
  return new Float32Array(bytes);
}

function fromExport({ uint16, low, step }) {
  const codes = new Uint16Array(bytesOf(uint16).buffer);
  return Float32Array.from(codes, (code) => (code === 65535 ? NaN : low + step * code));
}

export function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
