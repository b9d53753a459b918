import { claim } from '../../../pipeline/steps/intake/claim.ts';
import { fargate } from '../../runtime/fargate.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('claim', claim, { launching: fargate });
