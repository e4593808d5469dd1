import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { enginePython } from '../../scripts/support/paths.mjs';
import { run } from '../../scripts/support/run.mjs';

const VERSIONS = `
import importlib.metadata as m, platform
print("Python " + platform.python_version() + ", " + ", ".join(f"{p} {m.version(p)}" for p in ("openvino", "torch", "demucs", "numpy")))
`;

/** One line on the machine and the versions behind a result. */
export async function describeMachine() {
  const { output } = await run(enginePython, ['-c', VERSIONS], { quiet: true });
  const day = new Date().toISOString().slice(0, 10);
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${day}, ${cpus().length} cores (${cpuName()}), ${memory} GiB, Node ${process.versions.node}, ${output.trim()}.`;
}

function cpuName() {
  const features = readFileSync('/proc/cpuinfo', 'utf8').match(/^flags.*$/m)?.[0] ?? '';
  const shown = ['avx2', 'avx512f', 'avx512_bf16', 'amx_bf16'].filter((flag) => features.includes(flag));
  return [cpus()[0].model.trim(), ...shown].join(', ');
}
