package dev.sluice.erofs;

import java.io.IOException;

/** Sees every name of an image. */
@FunctionalInterface
public interface ErofsVisitor {
    /**
     * Called once for every name.
     *
     * @param path relative, names separated by slashes; empty for the root
     */
    void visit(byte[] path, ErofsInode inode) throws IOException;
}
