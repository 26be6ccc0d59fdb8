/** What the page and the audio thread say to each other. */
export type ToWorklet =
  /** Media time at second 0 of the audio context. */
  | { readonly kind: "origin"; readonly originUs: number }
  | {
      readonly kind: "sound";
      readonly ptsUs: number;
      readonly samples: Int16Array;
      readonly rateHz: number;
      readonly isLast: boolean;
    }
  /** Fall silent at once. */
  | { readonly kind: "flush"; readonly id: number };

export type FromWorklet =
  /** The first silent sample behind a flush has this time. */
  { readonly kind: "flushed"; readonly id: number; readonly contextTime: number };
