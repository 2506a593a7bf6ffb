// One JSON object per line on standard error. Never prompt or answer text: only names, counts and times.
export function log(event, fields = {}) {
  process.stderr.write(JSON.stringify({ time: new Date().toISOString(), event, ...fields }) + "\n");
}
