import { comparing } from '../../../adapters/github/merge/comparing.ts';
import { publish } from '../../../pipeline/steps/result/publish.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('publish', publish, { comparing });
