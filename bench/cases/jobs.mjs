// several songs at once: the warm service against the stock command with the same songs
import { separate } from '../support/separate.mjs';
import { median, spread, table } from '../support/statistics.mjs';

const SECONDS = 30;
const COUNTS = [1, 4, 8];
const ROUNDS = Number(process.env.BENCH_ROUNDS || 3);

export async function measure(workbench) {
  await workbench.makeRandomModels(['htdemucs']);
  const service = await workbench.startService({ MODEL: 'htdemucs' });
  const rows = [];
  let variant = 0;
  for (const count of COUNTS) {
    const [stock, ours] = [[], []];
    for (let round = 0; round < ROUNDS; round += 1) {
      const songs = [];
      for (let song = 0; song < count; song += 1) songs.push(await workbench.makeSong(SECONDS, { variant: variant++ }));
      stock.push(await workbench.stockCommand('htdemucs', songs));
      const began = performance.now();
      await Promise.all(songs.map((song) => separate(service, song)));
      ours.push((performance.now() - began) / 1000);
      console.log(`${count} songs: stock ${stock.at(-1).toFixed(1)} s, service ${ours.at(-1).toFixed(1)} s`);
    }
    const ratios = ours.map((value, round) => value / stock[round]);
    rows.push([
      count,
      spread(stock, 1),
      spread(ours, 1),
      spread(ratios),
      ((3600 * count) / median(ours)).toFixed(0),
      `${((SECONDS * count) / median(ours)).toFixed(1)} ×`,
    ]);
  }
  const head = [
    'songs at once',
    'stock command, s',
    'service, s',
    'service / stock',
    'songs of 30 s an hour',
    'real time',
  ];
  const text = `Songs of ${SECONDS} s, all uploaded at once: time until the last one completes. The stock command gets all songs in one call. Medians and [range] of ${ROUNDS} rounds.`;
  return { text: `${text}\n\n${table(head, rows)}` };
}
