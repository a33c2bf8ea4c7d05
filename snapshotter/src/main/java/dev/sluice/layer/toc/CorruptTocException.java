package dev.sluice.layer.toc;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The table of contents is not the one that the manifest vouches for. Another source may have that. */
public final class CorruptTocException extends IOException {
    private final String reason;

    /** @param reason one sentence without a full stop */
    public CorruptTocException(String reason) {
        this(reason, null);
    }

    /** @param reason as above */
    public CorruptTocException(String reason, @Nullable Throwable cause) {
        super(reason, cause);
        this.reason = reason;
    }

    /** One sentence without a full stop. */
    public String reason() {
        return reason;
    }
}
