package dev.sluice.install.toml;

/** A text is not TOML, or cannot be changed as asked. The message is a clause for the user, without the name of the file. */
public final class TomlException extends Exception {
    private static final long serialVersionUID = 1;

    private final int line;

    /** @param line counted from 1; 0 if none is to blame */
    public TomlException(int line, String message) {
        super(message);
        this.line = line;
    }

    /** The line that is to blame, counted from 1; 0 if none is. */
    public int line() {
        return line;
    }
}
