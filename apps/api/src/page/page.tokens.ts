export const PAGE = Symbol('PAGE');
