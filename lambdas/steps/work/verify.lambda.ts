import { verify } from '../../../pipeline/steps/work/verify.ts';
import { fargate } from '../../runtime/fargate.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('verify', verify, { launching: fargate });
