export const title = 'Notes';
