/** Holds a file for each song that was written. Nothing of a folder that has it is taken for a song. */
export const LIBRARY_FOLDER = '.separations';
