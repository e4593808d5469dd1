// the service, warm, against the stock command: same weights, same song, by turns
import { join } from 'node:path';
import { venvBin } from '../../scripts/support/paths.mjs';
import { mustRun } from '../../scripts/support/run.mjs';
import { separate } from '../support/separate.mjs';
import { median, spread, table } from '../support/statistics.mjs';

const SONGS = [60, 240];
const ROUNDS = Number(process.env.BENCH_ROUNDS || 5);
const PRECISIONS = (process.env.BENCH_PRECISIONS || 'fp32,bf16').split(',');

export async function measure(workbench) {
  await workbench.makeRandomModel();
  const rows = [];
  const services = [];
  for (const precision of PRECISIONS) {
    services.push([precision, await workbench.startService({ MODEL: 'htdemucs', PRECISION: precision })]);
  }
  for (const seconds of SONGS) {
    const stock = [];
    const ours = Object.fromEntries(PRECISIONS.map((precision) => [precision, { wall: [], rest: [] }]));
    for (let round = 0; round < ROUNDS; round += 1) {
      // another song each round: the same one would be found, not separated
      const song = await workbench.makeSong(seconds, { variant: round });
      stock.push(await stockCommand(workbench, song));
      for (const [precision, service] of services) {
        const { separation, seconds: wall } = await separate(service, song);
        ours[precision].wall.push(wall);
        ours[precision].rest.push(wall - separation.receipt.seconds.separate);
        console.log(
          `${seconds} s, round ${round + 1}: stock ${stock.at(-1).toFixed(1)} s, ${precision} ${wall.toFixed(1)} s`,
        );
      }
    }
    for (const [precision, { wall, rest }] of Object.entries(ours)) {
      const ratios = wall.map((value, round) => value / stock[round]);
      rows.push([
        `${seconds} s`,
        precision,
        spread(stock, 1),
        spread(wall, 1),
        spread(ratios),
        spread(rest),
        `${(seconds / median(wall)).toFixed(1)} ×`,
      ]);
    }
  }
  const head = [
    'song',
    'precision',
    'stock command, s',
    'service, s',
    'service / stock',
    'all but separate, s',
    'real time',
  ];
  return `Medians and [range] of ${ROUNDS} rounds; every round runs the stock command (\`demucs -n htdemucs\`) and the warm service on the same song, one after the other. The service's time is from upload to manifest.\n\n${table(head, rows)}`;
}

async function stockCommand(workbench, song) {
  const began = performance.now();
  const args = [
    '-n',
    'htdemucs',
    '--repo',
    workbench.stockRepo,
    '-d',
    'cpu',
    '-o',
    join(workbench.folder, 'stock-out'),
    song,
  ];
  await mustRun('The stock command failed.', join(venvBin, 'demucs'), args, { quiet: true });
  return (performance.now() - began) / 1000;
}
