import { askHuman } from '../../../pipeline/steps/people/ask-human.ts';
import { telling } from '../../runtime/notices/telling.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('ask-human', askHuman, { telling });
