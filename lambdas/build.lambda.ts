import { build } from '../pipeline/steps/build.ts';
import { stepHandler } from './handler.ts';

export const handler = stepHandler('build', build);
