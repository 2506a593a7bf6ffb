namespace HybridRouter.Configuration;

/// <summary>Rules for what is kept of the traffic.</summary>
internal sealed class LearningOptionsValidator(RouterOptionsValidator report)
{
    public void Validate(LearningOptions learning)
    {
        report.InRange("learning:retentionDays", learning.RetentionDays, 1, 3650);
        if (learning is { KeepPrompts: true, Enabled: false })
            report.Warn("learning:keepPrompts", "has no effect while learning:enabled is false");
        CheckKey(learning);
    }

    private void CheckKey(LearningOptions learning)
    {
        if (learning.PromptKey is not { } configured)
            return;
        report.Secret("learning:promptKey", configured);
        var text = SecretText.Resolve(configured);
        if (text is not null && LearningOptions.DecodeKey(text) is null)
            report.Bad("learning:promptKey", $"{SecretText.Describe(configured)} is not {LearningOptions.KeyBytes} bytes in base64; make one with: openssl rand -base64 {LearningOptions.KeyBytes}");
    }
}
