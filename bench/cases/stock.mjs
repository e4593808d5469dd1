// the warm service against the stock command by turns: same weights, same song
import { separate } from '../support/separate.mjs';
import { median, spread, table } from '../support/statistics.mjs';

const SONGS = (process.env.BENCH_SECONDS || '60,240').split(',').map(Number);
const ROUNDS = Number(process.env.BENCH_ROUNDS || 5);
const PRECISIONS = (process.env.BENCH_PRECISIONS || 'fp32,bf16').split(',');

export async function measure(workbench) {
  await workbench.makeRandomModels(['htdemucs']);
  const { gflops, gflop_per_second: work } = await workbench.machineRate();
  const services = [];
  for (const precision of PRECISIONS) {
    services.push({ precision, service: await workbench.startService({ MODEL: 'htdemucs', PRECISION: precision }) });
  }
  const songs = [];
  for (const seconds of SONGS) songs.push(await measureSong(workbench, services, seconds));
  const rows = songs.flatMap(({ seconds, stock, ours }) =>
    ours.map(({ precision, wall, rest, separating }) => [
      `${seconds} s`,
      precision,
      spread(stock, 1),
      spread(wall, 1),
      spread(ratios(wall, stock)),
      spread(rest),
      `${(seconds / median(wall)).toFixed(1)} ×`,
      `${((100 * work * seconds) / median(separating) / gflops[precision]).toFixed(0)} %`,
    ]),
  );
  const head = [
    'song',
    'precision',
    'stock command, s',
    'service, s',
    'service / stock',
    'other stages, s',
    'real time',
    'share of the matrix-multiply rate',
  ];
  const rates = Object.entries(gflops).map(([precision, rate]) => `${rate.toFixed(0)} GFLOP/s in ${precision}`);
  const text = `Medians and [range] of ${ROUNDS} rounds. Each round runs the stock command (\`demucs -n htdemucs\`), then the warm service, on the same song. The service's time is from upload to manifest. A large matrix multiply of torch reaches ${rates.join(', ')} here. htdemucs needs ${work.toFixed(0)} GFLOP for a second of song.`;
  return { text: `${text}\n\n${table(head, rows)}`, data: { rounds: ROUNDS, songs } };
}

async function measureSong(workbench, services, seconds) {
  const stock = [];
  const ours = services.map(({ precision }) => ({ precision, wall: [], rest: [], separating: [] }));
  for (let round = 0; round < ROUNDS; round += 1) {
    // a new song each round: the service does not separate the same song twice
    const song = await workbench.makeSong(seconds, { variant: round });
    stock.push(await workbench.stockCommand('htdemucs', [song]));
    for (const [index, { precision, service }] of services.entries()) {
      const { separation, seconds: wall } = await separate(service, song);
      const { separate: separating } = separation.receipt.seconds;
      ours[index].wall.push(wall);
      ours[index].rest.push(wall - separating);
      ours[index].separating.push(separating);
      console.log(
        `${seconds} s, round ${round + 1}: stock ${stock.at(-1).toFixed(1)} s, ${precision} ${wall.toFixed(1)} s`,
      );
    }
  }
  return { seconds, stock, ours };
}

const ratios = (wall, stock) => wall.map((value, round) => value / stock[round]);
