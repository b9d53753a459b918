import { askHuman } from '../pipeline/steps/ask-human.ts';
import { stepHandler } from './handler.ts';

export const handler = stepHandler('ask-human', askHuman);
