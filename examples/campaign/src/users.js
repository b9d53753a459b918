/** People who buy. */
export const normalizeName = (name) => name.trim().replace(/\s+/g, ' ');
export const isEmail = (text) => /^[^@\s]+@[^@\s]+\.[a-z]+$/.test(text);
export const initials = (name) =>
  normalizeName(name)
    .split(' ')
    .map((word) => word[0].toUpperCase())
    .join('');
export const greeting = (user) => `Hello ${user.name}`;
export const isAdult = (user, year) => year - user.born >= 18;
