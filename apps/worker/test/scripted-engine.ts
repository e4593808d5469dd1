import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** For every script: `say` sends a message, `facts` make a ready message, `commands` yields the commands. */
const PRELUDE = `
import json, os, sys, threading, time
answers = os.fdopen(3, "w", buffering=1)
def say(**message): answers.write(json.dumps(message) + "\\n")
def raw(text): answers.write(text)
facts = dict(type="ready", protocol=5, engineVersion="0", backend="script", device="cpu",
  deviceName="", precision="fp32", versions={}, models=[dict(name="demo", stems=["vocals"], signature=[], overlap=0.25)],
  defaultModel="demo", memoryBytes=1)
# what the heartbeats tell: scripts may change it
step, expected, cpu = None, None, lambda: 1.0
def beat():
    while True:
        say(type="heartbeat", memoryBytes=1, cpuSeconds=cpu(), step=step, expectedCpuSeconds=expected)
        time.sleep(0.05)
def beating(): threading.Thread(target=beat, daemon=True).start()
commands = (json.loads(line) for line in sys.stdin)
`;

/**
 * Writes a scripted engine, for faults that the real one does not have, and returns the PYTHONPATH for it.
 * @param body Python
 */
export async function scriptEngine(folder: string, body: string): Promise<string> {
  const path = join(folder, 'scripted');
  await mkdir(join(path, 'separation_engine'), { recursive: true });
  await writeFile(join(path, 'separation_engine', '__init__.py'), '');
  await writeFile(join(path, 'separation_engine', '__main__.py'), `${PRELUDE}\n${body}\n`);
  return path;
}
