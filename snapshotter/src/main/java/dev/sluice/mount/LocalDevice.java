package dev.sluice.mount;

import dev.sluice.ondemand.Backend.AttachedDevice;
import dev.sluice.ondemand.ErofsMounter;
import dev.sluice.ondemand.LayerFiles;
import java.io.IOException;
import java.nio.file.Path;

/** The data device of a layer that was complete when it was made: EROFS reads its file, and nobody has to be asked. */
record LocalDevice(ErofsMounter erofs, LayerFiles files) implements AttachedDevice {
    @Override
    public void mount(Path metadata, Path target) throws IOException {
        erofs.mount(metadata, files.data(), target);
    }

    @Override
    public void onWritable(Runnable action) {
        action.run();
    }

    @Override
    public void close() {
        // The file is the layer's, the mount its owner's.
    }
}
