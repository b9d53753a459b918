import { askHuman } from '../../../pipeline/steps/people/ask-human.ts';
import { notifying } from '../../runtime/notices/notifying.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('ask-human', askHuman, { notifying });
