package dev.sluice.e2e.image;

/** When Sluice can do with a part of an image. */
public enum Laziness {
    /** When it sees the image for the first time. */
    AT_ONCE,
    /** When it sees the image again: the first time it fetches the whole of it. */
    AGAIN,
    /** Layers that are not read at all are not fetched when it sees the image again; of others all is that comes before what is read. */
    AGAIN_BY_LAYERS
}
