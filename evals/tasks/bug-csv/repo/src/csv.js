/** The fields of a line of CSV. */
export const fieldsOf = (line) => line.split(',');
