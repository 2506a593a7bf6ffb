import * as onnx from './onnx.mjs';
import { toFloat16, toInt8 } from './numbers.mjs';

const PIECES = 8002, POSITIONS = 128, HEADS = 4, WIDTH = 512, HIDDEN = 1536;

/**
 * The encoder for one text: tokens [length] int32, 1 to 128 of them, to a vector [1, 512] of norm 1. What the original
 * does for batches (padding, masks, scatter and gather) falls away.
 */
export function buildGraph(weight) {
  const nodes = [], tensors = [], quantized = new Map();
  let serial = 0;

  const add = (name, type, shape, raw) => {
    tensors.push(onnx.tensor(name, type, shape, raw));
    return name;
  };
  const floats = (name, shape, values) => add(name, onnx.FLOAT, shape, Float32Array.from(values));
  const integers = (name, values) => add(name, onnx.INT64, [values.length], BigInt64Array.from(values.map(BigInt)));
  const op = (type, inputs, attributes = {}, outputs = [`${type}_${serial++}`]) => {
    nodes.push(onnx.node(type, inputs, outputs, attributes));
    return outputs.length > 1 ? outputs : outputs[0];
  };

  /** Weights in half precision, computed in single precision. */
  const precise = (name, x, rows, columns, values, bias) => {
    const stored = op('Cast', [add(`${name}.weight`, onnx.FLOAT16, [rows, columns], toFloat16(values))], { to: onnx.FLOAT });
    return op('Add', [op('MatMul', [x, stored]), floats(`${name}.bias`, [columns], bias)]);
  };

  /** Weights and activations in eight bits: about four times as fast. */
  const fast = (name, x, rows, columns, values, bias) => {
    if (!quantized.has(x)) quantized.set(x, op('DynamicQuantizeLinear', [x], {}, [`${x}.codes`, `${x}.scale`, `${x}.zero`]));
    const [codes, scale, zero] = quantized.get(x);
    const { codes: weights, scales } = toInt8(values, rows, columns);
    const product = op('MatMulInteger', [codes, add(`${name}.weight`, onnx.INT8, [rows, columns], weights), zero]);
    const back = op('Mul', [scale, floats(`${name}.scale`, [columns], scales)]);
    return op('Add', [op('Mul', [op('Cast', [product], { to: onnx.FLOAT }), back]), floats(`${name}.bias`, [columns], bias)]);
  };

  const norm = (name, x, size, key) => op('LayerNormalization', [
    x,
    floats(`${name}.scale`, [size], weight(`${key}/layer_prepostprocess/layer_norm/layer_norm_scale/ConcatPartitions/concat`)),
    floats(`${name}.bias`, [size], weight(`${key}/layer_prepostprocess/layer_norm/layer_norm_bias/ConcatPartitions/concat`)),
  ], { axis: -1, epsilon: { float: 1e-6 } });

  const attention = (name, x, size, dense, key) => {
    const kernel = Float32Array.from(weight(`${key}/qkv_transform_single/kernel/part_0`));
    const bias = Float32Array.from(weight(`${key}/qkv_transform_single/bias/ConcatPartitions/concat`));
    const head = size / HEADS;
    // The queries' factor goes into their weights.
    for (let i = 0; i < size; i++) {
      bias[i] /= Math.sqrt(head);
      for (let row = 0; row < size; row++) kernel[row * 3 * size + i] /= Math.sqrt(head);
    }
    const all = dense(`${name}.qkv`, x, size, 3 * size, kernel, bias);
    const parts = op('Split', [all], { axis: -1 }, [`${name}.q`, `${name}.k`, `${name}.v`]);
    const split = integers(`${name}.split`, [0, HEADS, head]);
    const [q, k, v] = parts.map((part, i) => op('Transpose', [op('Reshape', [part, split])], { perm: i === 1 ? [1, 2, 0] : [1, 0, 2] }));
    const mixed = op('MatMul', [op('Softmax', [op('MatMul', [q, k])], { axis: -1 }), v]);
    const joined = op('Reshape', [op('Transpose', [mixed], { perm: [1, 0, 2] }), integers(`${name}.join`, [0, size])]);
    return dense(`${name}.out`, joined, size, WIDTH, weight(`${key}/output_transform_single/kernel/part_0`),
      weight(`${key}/output_transform_single/bias/ConcatPartitions/concat`));
  };

  const feedForward = (name, x, layer) => {
    const key = `/Encode/Layer_${layer}/TransformerLayer/FFN`, stack = `/TransformerStack/Layer_${layer}/TransformerLayer/FFN`;
    const hidden = op('Relu', [fast(`${name}.in`, norm(`${name}.norm`, x, WIDTH, key), WIDTH, HIDDEN,
      weight(`${stack}/conv1/Tensordot/Reshape_1`), weight(`${key}/conv1/bias/ConcatPartitions/concat`))]);
    return op('Add', [x, fast(`${name}.out`, hidden, HIDDEN, WIDTH,
      weight(`${stack}/conv2/Tensordot/Reshape_1`), weight(`${key}/conv2/bias/ConcatPartitions/concat`))]);
  };

  const embed = () => {
    // The original adds the positions to the embeddings, and the sum to the embeddings.
    const table = add('embeddings', onnx.FLOAT16, [PIECES, 256], toFloat16(weight('Embeddings_en').map((value) => 2 * value)));
    const embedded = op('Cast', [op('Gather', [table, 'tokens'])], { to: onnx.FLOAT });
    const frequencies = weight('TimingSignal/ExpandDims_1');
    const waves = Float32Array.from({ length: POSITIONS * 256 }, (_, i) => {
      const angle = Math.fround(Math.floor(i / 256) * frequencies[i % 128]);
      return i % 256 < 128 ? Math.sin(angle) : Math.cos(angle);
    });
    const positions = op('Slice', [floats('positions', [POSITIONS, 256], waves), integers('first', [0]), op('Shape', ['tokens']), integers('rows', [0])]);
    return op('Add', [embedded, positions]);
  };

  // The first attention and the way around it stay precise: errors there reach everything behind.
  const first = embed(), key = (layer) => `/Encode/Layer_${layer}/TransformerLayer`;
  const wide = precise('layer0.wide', first, 256, WIDTH, weight(`${key(0)}/dense/kernel/ConcatPartitions/concat`),
    weight(`${key(0)}/dense/bias/ConcatPartitions/concat`));
  const mixed = attention('layer0', norm('layer0.norm', first, 256, key(0)), 256, precise, `${key(0)}/MultiheadAttention`);
  const second = feedForward('layer0.ffn', op('Add', [mixed, wide]), 0);
  const again = attention('layer1', norm('layer1.norm', second, WIDTH, key(1)), WIDTH, fast, `${key(1)}/MultiheadAttention`);
  const last = feedForward('layer1.ffn', op('Add', [again, second]), 1);
  const pooled = op('ReduceMean', [last], { axes: [0], keepdims: 1 });
  op('LpNormalization', [op('Tanh', [precise('final', pooled, WIDTH, WIDTH, weight('tanh_layer_0/weights'), weight('tanh_layer_0/bias'))])],
    { axis: -1, p: 2 }, ['vector']);

  return onnx.model({
    name: 'use-lite',
    about: 'Universal Sentence Encoder Lite, Apache-2.0, rewritten for one text of up to 128 tokens.',
    opset: 17,
    nodes,
    tensors,
    inputs: [onnx.value('tokens', onnx.INT32, ['length'])],
    outputs: [onnx.value('vector', onnx.FLOAT, [1, WIDTH])],
  });
}
