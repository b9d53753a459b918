/** What an option about the parts of a campaign does. */
export const partActions = ['redo', 'leave-out', 'take-ours', 'take-theirs'] as const;
export type PartAction = (typeof partActions)[number];
export const isPartAction = (does: string): does is PartAction => (partActions as readonly string[]).includes(does);
