/**
 * What the loader hands to the chat, and the one name that the widget puts on `window`.
 * The chat fills in `toggle`; a page may call `Pennypress.open()`.
 */
export interface Handover {
  /** The shadow root that holds the launcher, and will hold the panel. */
  root: ShadowRoot;
  launcher: HTMLButtonElement;
  /** Public key of the site; empty where a plugin on the same origin knows it. */
  site: string;
  /** Base URL of the API, ending in `/` (it may hold a `?`, see `Api.url`). */
  api: string;
  /** Language asked for by the page, such as `de-AT`; may be empty. */
  locale: string;
  /** Adds a style sheet to the shadow root, without breaking a strict style-src. */
  style(css: string): void;
  /** Opens the chat, fetching it first when need be. */
  open(): void;
  /** Set by the chat. `quiet`: shown again after a page change, so focus stays where it is. */
  toggle?: (show: boolean, quiet?: boolean) => void;
}

/** The launcher's icon: a speech bubble. */
export const BUBBLE = 'M20 11.5a8 8 0 0 1-11.7 7.1L4 20l1.4-4.2A8 8 0 1 1 20 11.5ZM8.5 11.5h.01M12 11.5h.01M15.5 11.5h.01';

declare global {
  interface Window {
    Pennypress?: Handover;
  }
}
