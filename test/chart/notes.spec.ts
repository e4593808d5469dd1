import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeChart, helm } from './cases.js';
import { Chart } from './chart.js';

// helm template leaves NOTES.txt out
const SHOWN = `apiVersion: v1
kind: ConfigMap
metadata: { name: notes }
data: { text: {{ include (print $.Template.BasePath "/NOTES.txt") . | toJson }} }
`;

describeChart('the notes after an installation', () => {
  let chart: Chart;

  beforeAll(async () => {
    chart = await Chart.copy(helm ?? '');
    await writeFile(join(chart.folder, 'templates', 'notes-shown.yaml'), SHOWN);
  });

  afterAll(() => chart.close());

  const notesOf = async (set: readonly string[]): Promise<string> =>
    (await chart.render({ set })).get('ConfigMap', 'notes').data?.['text'] ?? '';

  const gateway = ['httpRoute.enabled=true', 'httpRoute.parentRefs[0].name=gateway'];

  it.each([
    [[], 'http://$NODE:$PORT'],
    [['restServer.service.type=ClusterIP'], 'http://127.0.0.1:3000'],
    [['restServer.service.type=LoadBalancer', 'restServer.service.port=8080'], 'http://$HOST:8080'],
    [['ingress.enabled=true', 'ingress.host=a.example.com'], 'http://a.example.com'],
    [['ingress.enabled=true', 'ingress.host=a.example.com', 'ingress.tlsSecret=tls'], 'https://a.example.com'],
    [['ingress.enabled=true', 'ingress.hosts[0].host=b.example.com'], 'http://b.example.com'],
    [[...gateway, 'httpRoute.hostnames={c.example.com}'], 'https://c.example.com'],
    [gateway, "http://$(kubectl -n music get gateway gateway -o jsonpath='{.status.addresses[0].value}')"],
  ])('for %j set the address that they send a song to', async (set, address) => {
    const notes = await notesOf(set);
    expect(notes.match(/^ {2}ADDRESS=.*$/gm)).toEqual([`  ADDRESS=${address}`]);
    expect(notes).toContain('-F file=@song.mp3 $ADDRESS/v1/separations');
    // each variable of the shell has been set above the line that reads it
    const lines = notes.split('\n');
    for (const [index, line] of lines.entries()) {
      for (const [, variable = ''] of line.matchAll(/\$([A-Z]+)/g)) {
        expect(lines.slice(0, index).some((above) => above.startsWith(`  ${variable}=`))).toBe(true);
      }
    }
  });

  it('list every name of the service', async () => {
    const names = ['ingress.host=a.example.com', 'ingress.hosts[0].host=b.example.com'];
    const notes = await notesOf(['ingress.enabled=true', ...names, ...gateway, 'httpRoute.hostnames={c.example.com}']);
    expect(notes).toContain('Also http://b.example.com, https://c.example.com\n');
  });

  it.each([
    [[], 'KEY=$(kubectl -n music get secret separation-api-keys '],
    [['apiKeys.existingSecret=mine'], 'KEY=YOUR-KEY    # one whose hash is in your Secret mine'],
  ])('for %j tell where the key is', async (set, line) => {
    expect(await notesOf(set)).toContain(line);
  });

  it('warn of web sites where anybody may call, until the names are set', async () => {
    const warning = 'Any web site can reach it by DNS rebinding: set config.allowedHosts to its names.';
    const open = 'apiKeys.enabled=false';
    expect(await notesOf([open])).toContain(warning);
    expect(await notesOf([open, 'config.allowedHosts=music.example.com'])).not.toContain(warning);
    expect(await notesOf([])).not.toContain(warning);
  });

  it('need no key where the service needs none', async () => {
    expect(await notesOf(['apiKeys.enabled=false'])).not.toContain('KEY');
  });
});
