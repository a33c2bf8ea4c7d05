package dev.sluice.layer.soci;

import dev.sluice.layer.Decoder;
import dev.sluice.layer.InvalidLayerException;

/** The spans of a blob that a ztoc tells, in their order, each checked to lie in the blob and not before the one before it. */
interface ZtocSpans {
    int count();

    /** Where its compressed bytes begin, in bytes. */
    long blobOffset(int span);

    /** Behind its compressed bytes. */
    long blobEnd(int span);

    /** Where its decoded bytes begin in the tar; the next one's begin is their end. */
    long tarOffset(int span);

    Decoder decoder();

    /** What the decoder needs beside the bytes. */
    byte[] auxiliary(int span) throws InvalidLayerException;
}
