package dev.sluice.ondemand.fanotify;

import dev.sluice.fill.DataDevice;
import dev.sluice.fill.LayerFill;
import dev.sluice.linux.LinuxFile;
import java.nio.file.Path;

/** An attached layer. Safe for use by many threads. */
final class ServedLayer {
    private final String name;
    private final long inode;
    private final LinuxFile file;
    private final Path marker;
    private final LayerFill layer;
    private final long size;
    private volatile boolean marked = true;

    /**
     * @param inode of the data file
     * @param file the data file, open; its owner may close it
     * @param marker the file that says that it is marked
     */
    ServedLayer(String name, long inode, LinuxFile file, Path marker, LayerFill layer) {
        this.name = name;
        this.inode = inode;
        this.file = file;
        this.marker = marker;
        this.layer = layer;
        this.size = layer.device().size();
    }

    String name() {
        return name;
    }

    long inode() {
        return inode;
    }

    LinuxFile file() {
        return file;
    }

    Path marker() {
        return marker;
    }

    LayerFill layer() {
        return layer;
    }

    DataDevice device() {
        return layer.device();
    }

    /** In bytes. */
    long size() {
        return size;
    }

    boolean isComplete() {
        return device().presentBytes() >= size;
    }

    /** Whether its accesses may raise events. */
    boolean isMarked() {
        return marked;
    }

    void setUnmarked() {
        marked = false;
    }
}
