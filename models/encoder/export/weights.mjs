import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Reads the tensors of a TensorFlow.js model; the result finds one by the end of its name. */
export function readWeights(folder) {
  const { weightsManifest: [group] } = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'));
  const data = Buffer.concat(group.paths.map((path) => readFileSync(join(folder, path))));
  const tensors = new Map();
  let offset = 0;
  for (const { name, shape } of group.weights) {
    const length = shape.reduce((all, size) => all * size, 1);
    tensors.set(name, Float32Array.from({ length }, (_, i) => data.readFloatLE(offset + 4 * i)));
    offset += 4 * length;
  }
  if (offset !== data.length) throw new Error(`${folder}: ${data.length} bytes of weights, the manifest describes ${offset}`);
  return (ending) => {
    const found = [...tensors.keys()].filter((name) => name.endsWith(ending));
    if (found.length !== 1) throw new Error(`${found.length} tensors end in ${ending}`);
    return tensors.get(found[0]);
  };
}
