// separates a song of four seconds, and expects every stem to be as long as the song
const { SERVER, MODEL, API_KEY, TIMEOUT_SECONDS } = process.env;
const RATE = 44_100;
const SECONDS = 4;
const headers = API_KEY ? { authorization: `Bearer ${API_KEY}` } : {};
const deadline = AbortSignal.timeout(Number(TIMEOUT_SECONDS) * 1000);

/** A chord as 16-bit stereo WAV. Its pitch is random, so each run separates a new song. */
function song() {
  const samples = RATE * SECONDS;
  const wav = Buffer.alloc(44 + samples * 4);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + samples * 4, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(2, 22);
  wav.writeUInt32LE(RATE, 24);
  wav.writeUInt32LE(RATE * 4, 28);
  wav.writeUInt16LE(4, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(samples * 4, 40);
  const root = 200 + Math.random() * 100;
  for (let i = 0; i < samples; i++) {
    const value = [1, 1.25, 1.5].reduce((sum, ratio) => sum + Math.sin((2 * Math.PI * root * ratio * i) / RATE), 0);
    wav.writeInt16LE(Math.round(value * 6000), 44 + i * 4);
    wav.writeInt16LE(Math.round(value * 5000), 46 + i * 4);
  }
  return wav;
}

async function call(path, init = {}) {
  const answer = await fetch(`${SERVER}${path}`, { ...init, headers, signal: deadline });
  if (answer.ok) return answer;
  throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
}

const form = new FormData();
if (MODEL) form.set('model', MODEL);
form.set('file', new Blob([song()]), 'helm-test.wav');
let separation = await (await call('/v1/separations', { method: 'POST', body: form })).json();
console.log(`${separation.id} ${separation.status}`);
while (!['completed', 'failed', 'cancelled'].includes(separation.status)) {
  await new Promise((resolve) => setTimeout(resolve, 500));
  separation = await (await call(`/v1/separations/${separation.id}`)).json();
}
if (separation.status !== 'completed') throw new Error(JSON.stringify(separation.error ?? separation));
for (const { name, bytes } of separation.receipt.stems) {
  const stem = await (await call(`/v1/separations/${separation.id}/stems/${name}.flac`)).arrayBuffer();
  if (stem.byteLength !== bytes) throw new Error(`${name}.flac has ${stem.byteLength} bytes instead of ${bytes}`);
  console.log(`${name}.flac ${bytes} bytes`);
}
const { samples } = separation.receipt.input;
if (samples !== RATE * SECONDS) throw new Error(`the song has ${samples} samples instead of ${RATE * SECONDS}`);
await call(`/v1/separations/${separation.id}`, { method: 'DELETE' });
