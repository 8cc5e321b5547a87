<?php
/**
 * The settings page, as HTML. Shown by Settings_Page::render(), which sets
 * $settings, $result, $types, $learnable and $categories.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

$places = array(
	Settings::SHOW_EVERYWHERE => __( 'On every page', 'pennypress' ),
	Settings::SHOW_TYPES      => __( 'Only on single pages of these kinds:', 'pennypress' ),
	Settings::SHOW_FRONT      => __( 'Only on the front page', 'pennypress' ),
	Settings::SHOW_NOWHERE    => __( 'Nowhere', 'pennypress' ),
);
?>
<div class="wrap pennypress">
	<h1>Pennypress</h1>

	<form method="post" action="" id="pennypress-content" class="pennypress-card" <?php echo Content_Panel::is_busy() ? 'data-busy="1"' : ''; ?>>
		<h2><?php esc_html_e( 'What the chat knows', 'pennypress' ); ?></h2>
		<?php wp_nonce_field( Content_Panel::NONCE ); ?>
		<div id="pennypress-panel"><?php Content_Panel::render(); ?></div>
	</form>

	<form method="post" action="" id="pennypress-form" novalidate>
		<?php wp_nonce_field( Settings_Form::NONCE ); ?>

		<h2><?php esc_html_e( 'Connection', 'pennypress' ); ?></h2>
		<p><?php esc_html_e( 'Your Pennypress service shows these three under Sites on its operator’s pages.', 'pennypress' ); ?></p>
		<table class="form-table" role="presentation">
			<tr>
				<th scope="row"><label for="pennypress-service-url"><?php esc_html_e( 'Service address', 'pennypress' ); ?></label></th>
				<td>
					<input type="url" class="regular-text code" id="pennypress-service-url" name="pennypress[service_url]" value="<?php echo esc_attr( $settings['service_url'] ); ?>" placeholder="https://chat.example.com" aria-describedby="pennypress-service-url-note" autocomplete="off" spellcheck="false">
					<p class="description" id="pennypress-service-url-note"><?php esc_html_e( 'This web server calls it; visitors’ browsers never do, so it need not be public.', 'pennypress' ); ?></p>
				</td>
			</tr>
			<tr>
				<th scope="row"><label for="pennypress-site-key"><?php esc_html_e( 'Site key', 'pennypress' ); ?></label></th>
				<td>
					<input type="text" class="regular-text code" id="pennypress-site-key" name="pennypress[site_key]" value="<?php echo esc_attr( $settings['site_key'] ); ?>" placeholder="site_…" aria-describedby="pennypress-site-key-note" autocomplete="off" spellcheck="false">
					<p class="description" id="pennypress-site-key-note"><?php esc_html_e( 'Public: it stands in the source of your pages.', 'pennypress' ); ?></p>
				</td>
			</tr>
			<tr>
				<th scope="row"><label for="pennypress-secret"><?php esc_html_e( 'Secret', 'pennypress' ); ?></label></th>
				<td>
					<input type="password" class="regular-text code" id="pennypress-secret" name="pennypress[secret]" value="" placeholder="<?php echo esc_attr( '' === $settings['secret'] ? 'whsec_…' : __( 'saved; type here to replace it', 'pennypress' ) ); ?>" aria-describedby="pennypress-secret-note" autocomplete="new-password" spellcheck="false">
					<?php if ( '' !== $settings['secret'] ) : ?>
						<span class="pennypress-saved"><span class="dashicons dashicons-yes-alt" aria-hidden="true"></span> <?php esc_html_e( 'saved', 'pennypress' ); ?></span>
						<p><label><input type="checkbox" name="pennypress[forget_secret]" value="1"> <?php esc_html_e( 'Forget the saved secret', 'pennypress' ); ?></label></p>
					<?php endif; ?>
					<p class="description" id="pennypress-secret-note"><?php esc_html_e( 'Private: it signs each request and is never shown again, not even here.', 'pennypress' ); ?></p>
				</td>
			</tr>
			<tr>
				<th scope="row"><?php esc_html_e( 'Test', 'pennypress' ); ?></th>
				<td>
					<button type="submit" class="button" id="pennypress-test" name="pennypress_do" value="test"><?php esc_html_e( 'Test the connection', 'pennypress' ); ?></button>
					<div id="pennypress-result" role="status" class="pennypress-result<?php echo $result ? ( $result['ok'] ? ' is-good' : ' is-bad' ) : ''; ?>">
						<strong><?php echo esc_html( $result ? $result['text'] : '' ); ?></strong>
						<span><?php echo esc_html( $result ? $result['advice'] : '' ); ?></span>
					</div>
				</td>
			</tr>
		</table>

		<h2><?php esc_html_e( 'Where to show the chat', 'pennypress' ); ?></h2>
		<table class="form-table" role="presentation">
			<tr>
				<th scope="row"><?php esc_html_e( 'Pages', 'pennypress' ); ?></th>
				<td>
					<fieldset>
						<legend class="screen-reader-text"><?php esc_html_e( 'Pages', 'pennypress' ); ?></legend>
						<?php foreach ( $places as $value => $label ) : ?>
							<label><input type="radio" name="pennypress[show]" value="<?php echo esc_attr( $value ); ?>" <?php checked( $settings['show'], $value ); ?>> <?php echo esc_html( $label ); ?></label><br>
							<?php if ( Settings::SHOW_TYPES === $value ) : ?>
								<span class="pennypress-types">
									<?php foreach ( $types as $type ) : ?>
										<label><input type="checkbox" name="pennypress[types][]" value="<?php echo esc_attr( $type->name ); ?>" <?php checked( in_array( $type->name, $settings['types'], true ) ); ?>> <?php echo esc_html( $type->labels->name ); ?></label>
									<?php endforeach; ?>
								</span>
							<?php endif; ?>
						<?php endforeach; ?>
					</fieldset>
				</td>
			</tr>
			<tr>
				<th scope="row"><label for="pennypress-exclude"><?php esc_html_e( 'Leave out', 'pennypress' ); ?></label></th>
				<td>
					<input type="text" class="regular-text" id="pennypress-exclude" name="pennypress[exclude]" value="<?php echo esc_attr( implode( ', ', $settings['exclude'] ) ); ?>" placeholder="12, 345" aria-describedby="pennypress-exclude-note" inputmode="numeric" autocomplete="off">
					<p class="description" id="pennypress-exclude-note"><?php esc_html_e( 'Numbers (ids) of posts and pages without the chat. You see a post’s number in the address of its editor: post=12.', 'pennypress' ); ?></p>
				</td>
			</tr>
		</table>

		<h2><?php esc_html_e( 'What the chat learns', 'pennypress' ); ?></h2>
		<p><?php esc_html_e( 'Published pages only: drafts, private pages and pages with a password are never sent.', 'pennypress' ); ?></p>
		<input type="hidden" name="pennypress[has_content]" value="1">
		<table class="form-table" role="presentation">
			<tr>
				<th scope="row"><?php esc_html_e( 'Kinds', 'pennypress' ); ?></th>
				<td>
					<fieldset>
						<legend class="screen-reader-text"><?php esc_html_e( 'Kinds', 'pennypress' ); ?></legend>
						<?php foreach ( $learnable as $type ) : ?>
							<label><input type="checkbox" name="pennypress[learn_types][]" value="<?php echo esc_attr( $type->name ); ?>" <?php checked( null === $settings['learn_types'] || in_array( $type->name, $settings['learn_types'], true ) ); ?>> <?php echo esc_html( $type->labels->name ); ?></label><br>
						<?php endforeach; ?>
						<label><input type="checkbox" name="pennypress[learn_menus]" value="1" <?php checked( $settings['learn_menus'] ); ?>> <?php esc_html_e( 'Menus: their titles and addresses', 'pennypress' ); ?></label>
					</fieldset>
				</td>
			</tr>
			<tr>
				<th scope="row"><label for="pennypress-learn-exclude"><?php esc_html_e( 'Leave out', 'pennypress' ); ?></label></th>
				<td>
					<input type="text" class="regular-text" id="pennypress-learn-exclude" name="pennypress[learn_exclude]" value="<?php echo esc_attr( implode( ', ', $settings['learn_exclude'] ) ); ?>" placeholder="12, 345" aria-describedby="pennypress-learn-exclude-note" inputmode="numeric" autocomplete="off">
					<p class="description" id="pennypress-learn-exclude-note"><?php esc_html_e( 'Numbers (ids) of posts and pages. Beside each post there is also a box “Keep this page out of the chat’s answers”.', 'pennypress' ); ?></p>
				</td>
			</tr>
			<?php foreach ( $categories as $taxonomy => $terms ) : ?>
				<tr>
					<?php /* translators: %s: name of a taxonomy, such as Categories */ ?>
					<th scope="row"><?php echo esc_html( sprintf( __( 'Leave out: %s', 'pennypress' ), get_taxonomy( $taxonomy )->labels->name ) ); ?></th>
					<td>
						<fieldset class="pennypress-terms">
							<legend class="screen-reader-text"><?php echo esc_html( sprintf( __( 'Leave out: %s', 'pennypress' ), get_taxonomy( $taxonomy )->labels->name ) ); // phpcs:ignore WordPress.WP.I18n.MissingTranslatorsComment -- as above. ?></legend>
							<?php foreach ( $terms as $one ) : ?>
								<label><input type="checkbox" name="pennypress[learn_exclude_terms][]" value="<?php echo (int) $one->term_id; ?>" <?php checked( in_array( $one->term_id, $settings['learn_exclude_terms'], true ) ); ?>> <?php echo esc_html( $one->name ); ?></label><br>
							<?php endforeach; ?>
						</fieldset>
					</td>
				</tr>
			<?php endforeach; ?>
			<tr>
				<th scope="row"><?php esc_html_e( 'Hidden pages', 'pennypress' ); ?></th>
				<td><label><input type="checkbox" name="pennypress[learn_noindex]" value="1" <?php checked( $settings['learn_noindex'] ); ?>> <?php esc_html_e( 'Learn also pages that ask search engines to stay away (noindex)', 'pennypress' ); ?></label></td>
			</tr>
		</table>
		<p class="submit"><button type="submit" class="button button-primary" name="pennypress_do" value="save"><?php esc_html_e( 'Save changes', 'pennypress' ); ?></button></p>
	</form>
</div>
