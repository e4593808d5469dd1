/** Kinds of licenses of weights. `own`: made here, or imported by the operator. */
export const LICENCE_CLASSES = ['permissive', 'copyleft', 'non-commercial', 'none-stated', 'own'] as const;

export type LicenceClass = (typeof LICENCE_CLASSES)[number];
