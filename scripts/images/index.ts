// npm run images [-- FOLDER]: writes the build contexts of the container images to dist/images/<name>/. It needs no Docker
// and no network; docs/images.md says how they are built and pushed.
import { join, resolve } from 'node:path';
import { writeCheckedContexts } from './contexts.ts';

const folders = await writeCheckedContexts(resolve(process.argv[2] ?? join(import.meta.dirname, '../../dist/images')));
for (const folder of folders) console.log(folder);
