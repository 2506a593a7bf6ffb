// Compact forms of float32 weights.

/** Symmetric int8 with one scale per column; rows x columns, row by row. */
export function toInt8(values, rows, columns) {
  const scales = new Float32Array(columns);
  values.forEach((value, i) => { scales[i % columns] = Math.max(scales[i % columns], Math.abs(value) / 127); });
  const codes = Int8Array.from(values, (value, i) => Math.max(-127, Math.min(127, Math.round(value / scales[i % columns]))));
  return { codes, scales };
}

/** IEEE half precision, rounded to nearest. */
export function toFloat16(values) {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(bits, (word) => {
    const sign = (word >>> 16) & 0x8000, exponent = ((word >>> 23) & 0xff) - 112, mantissa = word & 0x7fffff;
    if (exponent > 30) throw new Error('a weight is beyond half precision');
    if (exponent > 0) return sign + Math.round(((exponent << 23) | mantissa) / 2 ** 13);
    return exponent < -10 ? sign : sign + Math.round((mantissa | 0x800000) / 2 ** (14 - exponent));
  });
}
