// The few messages of ONNX's protobuf that the encoder needs, written by hand.

export const FLOAT = 1, UINT8 = 2, INT8 = 3, INT32 = 6, INT64 = 7, FLOAT16 = 10;

const varint = (value) => {
  const bytes = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
};
const number = (field, value) => Buffer.concat([varint(field << 3), varint(value)]);
const bytes = (field, value) => {
  const body = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  return Buffer.concat([varint((field << 3) | 2), varint(body.length), body]);
};
const real = (field, value) => {
  const body = Buffer.alloc(4);
  body.writeFloatLE(value);
  return Buffer.concat([varint((field << 3) | 5), body]);
};

export const tensor = (name, type, shape, raw) => Buffer.concat([
  ...shape.map((size) => number(1, size)), number(2, type), bytes(8, name),
  bytes(9, Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength))]);

const attribute = (name, value) => {
  if (Array.isArray(value)) return Buffer.concat([bytes(1, name), ...value.map((one) => number(8, one)), number(20, 7)]);
  if (value.float !== undefined) return Buffer.concat([bytes(1, name), real(2, value.float), number(20, 1)]);
  return Buffer.concat([bytes(1, name), number(3, value), number(20, 2)]);
};

export const node = (op, inputs, outputs, attributes) => Buffer.concat([
  ...inputs.map((name) => bytes(1, name)), ...outputs.map((name) => bytes(2, name)), bytes(3, outputs[0]), bytes(4, op),
  ...Object.entries(attributes).map(([name, value]) => bytes(5, attribute(name, value)))]);

/** A dimension is a number, or a name where it is open. */
export const value = (name, type, shape) => {
  const dims = shape.map((size) => bytes(1, typeof size === 'string' ? bytes(2, size) : number(1, size)));
  return Buffer.concat([bytes(1, name), bytes(2, bytes(1, Buffer.concat([number(1, type), bytes(2, Buffer.concat(dims))])))]);
};

export const model = ({ name, opset, nodes, tensors, inputs, outputs, about }) => {
  const graph = Buffer.concat([
    ...nodes.map((one) => bytes(1, one)), bytes(2, name), ...tensors.map((one) => bytes(5, one)),
    ...inputs.map((one) => bytes(11, one)), ...outputs.map((one) => bytes(12, one))]);
  return Buffer.concat([
    number(1, 8), bytes(2, 'hybridrouter'), bytes(6, about), bytes(7, graph), bytes(8, Buffer.concat([bytes(1, ''), number(2, opset)]))]);
};
