<?php
/**
 * "What the chat knows", as HTML. Shown by Content_Panel::render(), which sets $facts, $progress and $error.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

$delivery = $facts['delivery'];
$state    = $facts['state'];
?>
<?php if ( '' !== $error ) : ?>
	<div class="notice notice-error inline"><p><?php echo esc_html( $error ); ?></p></div>
<?php endif; ?>

<?php if ( ! $facts['connected'] ) : ?>
	<p><?php esc_html_e( 'Fill in the connection below and save it. Then the chat can learn your pages, and answer from them.', 'pennypress' ); ?></p>

<?php elseif ( ! $facts['learns'] ) : ?>
	<p><?php esc_html_e( 'Nothing of your site has been sent yet. Once you start, the chat answers from your published pages and names the page that an answer comes from. Drafts, private pages and pages with a password are never sent.', 'pennypress' ); ?></p>
	<p><button type="submit" class="button button-primary" name="pennypress_content" value="start"><?php esc_html_e( 'Start learning', 'pennypress' ); ?></button></p>

<?php elseif ( $facts['moved'] ) : ?>
	<div class="notice notice-warning inline">
		<p>
			<?php
			/* translators: 1: an address, 2: another address */
			echo esc_html( sprintf( __( 'The service learned this site as %1$s, and now it is %2$s. If this is a copy for trying things out, leave it so: a copy sends nothing. If the site has moved, go on here.', 'pennypress' ), $facts['known_as'], Settings::home() ) );
			?>
		</p>
	</div>
	<p>
		<button type="submit" class="button button-primary" name="pennypress_content" value="start"><?php esc_html_e( 'The site has moved: go on here', 'pennypress' ); ?></button>
		<button type="submit" class="button" name="pennypress_content" value="stop"><?php esc_html_e( 'Stop learning here', 'pennypress' ); ?></button>
	</p>

<?php else : ?>
	<dl class="pennypress-counts">
		<div><dt><?php esc_html_e( 'Known to the chat', 'pennypress' ); ?></dt><dd id="pennypress-known"><?php echo esc_html( number_format_i18n( $facts['counts']['known'] ) ); ?></dd></div>
		<div><dt><?php esc_html_e( 'Waiting', 'pennypress' ); ?></dt><dd id="pennypress-waiting"><?php echo esc_html( number_format_i18n( $facts['counts']['waiting'] ) ); ?></dd></div>
		<div class="<?php echo $facts['counts']['failed'] ? 'is-bad' : ''; ?>"><dt><?php esc_html_e( 'Not taken', 'pennypress' ); ?></dt><dd id="pennypress-failed"><?php echo esc_html( number_format_i18n( $facts['counts']['failed'] ) ); ?></dd></div>
	</dl>

	<?php if ( '' !== $delivery['error'] ) : ?>
		<div class="notice notice-error inline">
			<p>
				<strong><?php echo esc_html( $delivery['error'] ); ?></strong><br>
				<?php
				echo esc_html(
					$delivery['until'] > time()
						/* translators: %s: a time such as "in 5 minutes" */
						? sprintf( __( 'Nothing is lost: it is tried again %s. “Test the connection” below says more.', 'pennypress' ), Content_Panel::when( $delivery['until'] ) )
						: __( 'Nothing is lost: it is being tried again. “Test the connection” below says more.', 'pennypress' )
				);
				?>
			</p>
		</div>
	<?php endif; ?>

	<?php if ( $progress ) : ?>
		<div class="pennypress-progress">
			<label for="pennypress-progress"><?php echo esc_html( $progress['text'] ); ?></label>
			<progress id="pennypress-progress" <?php echo $progress['of'] > 0 ? 'max="' . (int) $progress['of'] . '" value="' . (int) $progress['done'] . '"' : ''; ?>></progress>
			<p class="description"><?php esc_html_e( 'You can leave this page: it goes on by itself.', 'pennypress' ); ?></p>
		</div>
	<?php else : ?>
		<p class="description" id="pennypress-last">
			<?php
			if ( Comparison::CANCELLED === $state['phase'] ) {
				/* translators: %s: a time such as "5 minutes ago" */
				echo esc_html( sprintf( __( 'Cancelled %s. “Compare now” goes on from there.', 'pennypress' ), Content_Panel::when( (int) $state['ended'] ) ) );
			} elseif ( $state['complete'] ) {
				echo esc_html(
					sprintf(
						/* translators: 1: a time such as "5 minutes ago", 2: a number */
						_n( 'Compared %1$s: %2$s page differed.', 'Compared %1$s: %2$s pages differed.', (int) $state['found'], 'pennypress' ),
						Content_Panel::when( (int) $state['complete'] ),
						number_format_i18n( $state['found'] )
					)
				);
			}
			if ( $delivery['well'] ) {
				/* translators: %s: a time such as "5 minutes ago" */
				echo ' ' . esc_html( sprintf( __( 'Last word from the service %s.', 'pennypress' ), Content_Panel::when( $delivery['well'] ) ) );
			}
			if ( $facts['next'] ) {
				echo ' ' . esc_html(
					$facts['next'] < time() - DAY_IN_SECONDS
						? __( 'The daily comparison is overdue: WP-Cron does not run on this site.', 'pennypress' )
						/* translators: %s: a time such as "in 5 hours" */
						: sprintf( __( 'Next comparison %s.', 'pennypress' ), Content_Panel::when( max( time(), $facts['next'] ) ) )
				);
			}
			?>
		</p>
	<?php endif; ?>

	<?php if ( $facts['troubles'] ) : ?>
		<details class="pennypress-troubles" <?php echo $facts['counts']['failed'] ? 'open' : ''; ?>>
			<summary><?php esc_html_e( 'What went wrong', 'pennypress' ); ?></summary>
			<ul>
				<?php foreach ( $facts['troubles'] as $trouble ) : ?>
					<li>
						<?php
						$name = Document_Table::MENUS === (int) $trouble->post_id ? __( 'Menus', 'pennypress' ) : get_the_title( (int) $trouble->post_id );
						$edit = Document_Table::MENUS === (int) $trouble->post_id ? '' : (string) get_edit_post_link( (int) $trouble->post_id );
						$name = '' === $name ? '#' . $trouble->post_id : Plain_Text::of( $name );
						if ( '' === $edit ) {
							echo '<strong>' . esc_html( $name ) . '</strong>';
						} else {
							echo '<a href="' . esc_url( $edit ) . '"><strong>' . esc_html( $name ) . '</strong></a>';
						}
						echo ': ' . esc_html( $trouble->error );
						if ( Document_Table::SETTLED === (int) $trouble->state ) {
							echo ' ' . esc_html__( 'It was sent without what its shortcodes and blocks add.', 'pennypress' );
						}
						?>
					</li>
				<?php endforeach; ?>
			</ul>
		</details>
	<?php endif; ?>

	<p class="pennypress-buttons">
		<?php if ( $progress ) : ?>
			<button type="submit" class="button" name="pennypress_content" value="cancel"><?php esc_html_e( 'Cancel', 'pennypress' ); ?></button>
		<?php else : ?>
			<button type="submit" class="button button-primary" name="pennypress_content" value="compare"><?php esc_html_e( 'Compare now', 'pennypress' ); ?></button>
			<button type="submit" class="button" name="pennypress_content" value="resend"><?php esc_html_e( 'Send everything again', 'pennypress' ); ?></button>
		<?php endif; ?>
		<?php if ( $facts['counts']['failed'] || '' !== $delivery['error'] ) : ?>
			<button type="submit" class="button" name="pennypress_content" value="retry"><?php esc_html_e( 'Try again now', 'pennypress' ); ?></button>
		<?php endif; ?>
		<button type="submit" class="button-link" name="pennypress_content" value="stop"><?php esc_html_e( 'Stop learning', 'pennypress' ); ?></button>
		<button type="submit" class="button-link button-link-delete" name="pennypress_content" value="remove"><?php esc_html_e( 'Stop, and remove everything from the service', 'pennypress' ); ?></button>
	</p>
<?php endif; ?>
