/** Whether a text shows nothing to its reader: it is empty, or all of it is white space, control characters and invisible marks. */
export const isBlank = (text: string): boolean => !/[^\s\p{C}\p{Default_Ignorable_Code_Point}]/u.test(text);
