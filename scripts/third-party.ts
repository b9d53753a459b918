// Licences of the third-party software that is bundled into dist/: MIT, BSD and Apache-2.0 require them in every copy.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { forAws } from '../adapters/local/sandbox/programs.ts';
import { awsRuntime, lambdaSources } from './bundle-lambdas.ts';

const root = resolve(import.meta.dirname, '..');

/** Entry points of all bundles, and packages that are not bundled. */
const bundles = [
  { entryPoints: lambdaSources(), external: awsRuntime },
  { entryPoints: readdirSync(join(root, 'programs')).map((file) => join(root, 'programs', file)), external: [] },
];

/** Text of `dist/THIRD-PARTY-LICENSES.txt`: packages grouped by the text of their licence. */
export async function thirdPartyLicenses(): Promise<string> {
  const folders = new Set<string>();
  for (const { entryPoints, external } of bundles) {
    const { metafile } = await build({
      ...forAws,
      absWorkingDir: root,
      entryPoints,
      external,
      write: false,
      outdir: 'dist',
      metafile: true,
    });
    for (const folder of packagesIn(metafile)) folders.add(folder);
  }
  const byText = new Map<string, string[]>();
  for (const folder of [...folders].sort()) {
    const { title, text } = licenseOf(folder);
    byText.set(text, [...(byText.get(text) ?? []), title]);
  }
  const sections = [...byText].map(([text, titles]) => `${titles.join('\n')}\n\n${text}\n`);
  return `Third-party software that is bundled into this package.\n\n${sections.join(`\n${'-'.repeat(80)}\n\n`)}`;
}

/** Folders of the packages that have bytes in a bundle. */
const packagesIn = ({ outputs }: Metafile): string[] =>
  Object.values(outputs)
    .flatMap(({ inputs }) => Object.entries(inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .flatMap(([file]) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []);

function licenseOf(folder: string): { title: string; text: string } {
  const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
    license?: string;
  };
  // Apache-2.0 also requires the NOTICE file.
  const files = readdirSync(join(root, folder)).filter((entry) =>
    /^(?:licen[cs]e|copying|notice)(?:\.|$)/i.test(entry),
  );
  if (files.length === 0 && license === undefined) throw new Error(`${name} has no licence.`);
  const texts = files.map((file) => readFileSync(join(root, folder, file), 'utf8').trim());
  const text = texts.join('\n\n') || `Licence: ${license}`;
  return { title: `${name} ${version} (${license ?? 'see below'})`, text };
}
