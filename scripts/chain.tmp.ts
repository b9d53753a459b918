import { build } from 'esbuild';
const [,, entry, target] = process.argv;
const r = await build({ absWorkingDir: '/work/w/house', entryPoints: [entry!], write: false, metafile: true, bundle: true, platform: 'node', format: 'esm', packages: 'external', outdir: '/tmp/o', logLevel: 'error' });
const importers = new Map<string, string[]>();
for (const [f, v] of Object.entries(r.metafile.inputs)) for (const i of v.imports) importers.set(i.path, [...(importers.get(i.path) ?? []), f]);
const seen = new Set<string>(); const q: string[][] = [[target!]];
while (q.length) { const p = q.shift()!; const top = p[0]!; if (seen.has(top)) continue; seen.add(top); const up = importers.get(top) ?? []; if (up.includes(entry!)) { console.log([entry, ...p].join(' -> ')); } for (const u of up) q.push([u, ...p]); }
