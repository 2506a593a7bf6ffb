// Unicode's NFKC as a table, for programs that run without ICU. Only what can reach the alphabet of the pieces, alone or
// as a mark, is kept: all else is an unknown character before and after.

const HANGUL = [0xac00, 0xd7a3];
const points = (text) => [...text].map((symbol) => symbol.codePointAt(0));
const hex = (numbers) => numbers.map((one) => one.toString(16)).join(' ');

/**
 * Lines of three kinds: "d CODE CODE..." full decomposition, "c FIRST SECOND RESULT" composition, "m FIRST LAST RANK"
 * combining marks, whose ranks order them as their combining classes do. All hexadecimal.
 */
export function normalization(alphabet) {
  const lines = [], reaches = (text) => [...text].some((symbol) => alphabet.has(symbol));
  const marks = [];
  for (let code = 0x80; code <= 0x10ffff; code++) {
    if ((code >= 0xd800 && code <= 0xdfff) || (code >= HANGUL[0] && code <= HANGUL[1])) continue;
    const symbol = String.fromCodePoint(code), apart = symbol.normalize('NFKD');
    if (apart !== symbol && (reaches(apart) || /^\p{M}/u.test(apart))) lines.push(`d ${hex([code, ...points(apart)])}`);
    const canonical = symbol.normalize('NFD');
    if (canonical !== symbol && symbol.normalize('NFC') === symbol && reaches(canonical)) {
      const parts = points(canonical), start = points(String.fromCodePoint(...parts.slice(0, -1)).normalize('NFC'));
      if (start.length === 1) lines.push(`c ${hex([start[0], parts.at(-1), code])}`);
    }
    if (/\p{M}/u.test(symbol) && isReordered(symbol)) marks.push(symbol);
  }
  return `${[...lines, ...ranks(marks)].join('\n')}\n`;
}

const LOWEST = '\u0334', HIGHEST = '\u0345'; // combining classes 1 and 240
const swaps = (one, other) => one !== other && `x${one}${other}`.normalize('NFD') !== `x${one.normalize('NFD')}${other.normalize('NFD')}`;
const isReordered = (mark) => mark === HIGHEST || swaps(mark, LOWEST) || swaps(HIGHEST, mark);

function ranks(marks) {
  const sorted = [...marks].sort((a, b) => (swaps(a, b) ? 1 : swaps(b, a) ? -1 : 0));
  const ranked = new Map();
  let rank = 0;
  sorted.forEach((mark, i) => ranked.set(mark.codePointAt(0), i === 0 || swaps(mark, sorted[i - 1]) ? ++rank : rank));
  const lines = [];
  let first, last;
  for (const code of [...ranked.keys()].sort((a, b) => a - b)) {
    if (code === last + 1 && ranked.get(code) === ranked.get(last)) {
      lines.pop();
    } else first = code;
    last = code;
    lines.push(`m ${hex([first, last, ranked.get(code)])}`);
  }
  return lines;
}
