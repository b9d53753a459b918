import { comparing } from '../../../adapters/github/merge/comparing.ts';
import { dispatch } from '../../../pipeline/steps/campaign/dispatch.ts';
import { fargate } from '../../runtime/fargate.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('dispatch', dispatch, { comparing, launching: fargate });
