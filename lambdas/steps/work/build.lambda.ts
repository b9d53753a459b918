import { build } from '../../../pipeline/steps/work/build.ts';
import { fargate, telling } from '../../runtime/fargate.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('build', build, { launching: fargate, telling });
