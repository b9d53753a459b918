import { build } from '../../../pipeline/steps/work/build.ts';
import { fargate } from '../../runtime/fargate.ts';
import { telling } from '../../runtime/running-phases.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('build', build, { launching: fargate, telling });
