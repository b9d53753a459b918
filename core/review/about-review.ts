/** Begins the head of a gate that is about reviews by agents: its approval accepts no weaker tests. */
const aboutReview = 'review:';

/** @param change Digest of the manifest of the change. */
export const headOfReview = (change: string): string => `${aboutReview}${change}`;
export const isAboutReview = (head: string): boolean => head.startsWith(aboutReview);
