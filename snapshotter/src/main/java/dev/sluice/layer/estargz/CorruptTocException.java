package dev.sluice.layer.estargz;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The table of contents is not the one that the manifest vouches for. Another source may have that. */
final class CorruptTocException extends IOException {
    private final String reason;

    CorruptTocException(String reason) {
        this(reason, null);
    }

    CorruptTocException(String reason, @Nullable Throwable cause) {
        super(reason, cause);
        this.reason = reason;
    }

    /** One sentence without a full stop. */
    String reason() {
        return reason;
    }
}
