package dev.sluice.mount;

import dev.sluice.fuzz.Require;
import java.io.IOException;
import java.util.Objects;

/** Fuzzes {@code layer.json}: what is read is the same when it is written and read again. */
public final class LayerRecordFuzz {
    private LayerRecordFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        LayerRecord record;
        try {
            record = LayerRecord.fromJson(data);
        } catch (IOException e) {
            Objects.requireNonNull(e.toString());
            return;
        }
        LayerRecord again = LayerRecord.fromJson(record.toJson());
        Require.equal(record, again, "not the same when read again");
        Require.that(record.deviceSize() >= 0 && record.layer().size() >= 0, "less than nothing");
        Require.that(
                record.prefetch().stream().allMatch(range -> range.offset() + range.length() <= record.deviceSize()),
                "more than the device has");
        Require.that(record.sources().size() <= LayerRecord.MAX_SOURCES, "more sources than there may be");
    }
}
